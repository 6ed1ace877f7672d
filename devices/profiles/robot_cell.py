"""A cell with an industrial robot: welding, handling, gluing, fastening."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("speed_pct", "%", (0, 100), "Path speed", "轨迹速度",
           (74, 25, 0, 0, 0), lag_s=1, noise=1, wander=0.05, digits=0),
    Signal("axis1_torque_pct", "%", (0, 100), "Axis 1 torque", "1轴扭矩",
           (38, 18, 6, 0, 0), lag_s=0.5, noise=3, wander=0.2, digits=1),
    Signal("axis2_torque_pct", "%", (0, 100), "Axis 2 torque", "2轴扭矩",
           (52, 30, 18, 0, 0), lag_s=0.5, noise=3, wander=0.2, wear=18, signature="torque", digits=1),
    Signal("axis3_torque_pct", "%", (0, 100), "Axis 3 torque", "3轴扭矩",
           (44, 24, 14, 0, 0), lag_s=0.5, noise=3, wander=0.2, wear=10, signature="torque", digits=1),
    Signal("motor_temperature_c", "Cel", (10, 100), "Hottest motor temperature", "电机最高温度",
           (34, 30, 27, 24, 22), per_power=22, lag_s=1500, noise=0.2, ambient=1, wear=18,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("gearbox_temperature_c", "Cel", (10, 95), "Axis 2 gearbox temperature", "2轴减速机温度",
           (32, 28, 26, 24, 22), per_power=16, lag_s=2400, noise=0.2, ambient=1, wear=12,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("controller_temperature_c", "Cel", (10, 60), "Controller temperature", "控制柜温度",
           (30, 29, 28, 25, 22), per_power=5, lag_s=1200, noise=0.2, ambient=0.7, digits=1,
           deadband=0.1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Gearbox vibration, r.m.s.", "减速机振动有效值",
           (1.1, 0.5, 0.1, 0.05, 0.03), lag_s=1, noise=0.06, wander=0.15, wear=4.5,
           signature="vibration"),
    Signal("gripper_pressure_bar", "bar", (0, 8), "Tool air pressure", "末端气压",
           (5.6, 5.8, 5.9, 3, 0), lag_s=2, noise=0.04, wear=-1.6, signature="pressure"),
    Signal("weld_current_ka", "kA", (0, 15), "Process current", "工艺电流",
           (9.4, 2, 0, 0, 0), lag_s=0.5, noise=0.15, wander=0.06, digits=2),
    Signal("position_error_mm", "mm", (0, 1), "Following error", "跟随误差",
           (0.08, 0.05, 0.01, 0, 0), lag_s=0.5, noise=0.008, wear=0.25, signature="vibration",
           digits=3),
    Signal("servo_on_h", "h", (0, 1e6), "Servo hours", "伺服运行小时",
           (1 / 3600, 1 / 3600, 1 / 3600, 0, 0), counter=True, digits=3),
)
# fmt: on

PROFILE = profiles.register("robot_cell")(Profile("robot_cell", "Robot cell", "机器人工作站", SIGNALS))
