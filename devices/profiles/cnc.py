"""A machining centre or lathe; the names of its tags are those under which recordings are mapped by default."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("spindle_speed_rpm", "/min", (0, 12000), "Spindle speed", "主轴转速",
           (6000, 800, 0, 0, 0), lag_s=2, noise=6, wander=0.10, digits=0, deadband=5),
    Signal("spindle_load_pct", "%", (0, 120), "Spindle load", "主轴负载",
           (46, 6, 1, 0, 0), lag_s=1.5, noise=1.2, wander=0.30, wear=8, signature="torque", digits=1),
    Signal("spindle_torque_nm", "N.m", (0, 160), "Spindle torque", "主轴扭矩",
           (52, 6, 0, 0, 0), lag_s=1.5, noise=1.5, wander=0.30, wear=14, signature="torque", digits=1),
    Signal("spindle_temperature_c", "Cel", (10, 75), "Spindle bearing temperature", "主轴轴承温度",
           (28, 26, 24, 23, 22), per_power=20, lag_s=900, noise=0.15, ambient=1, wear=14,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Spindle vibration, r.m.s.", "主轴振动有效值",
           (1.4, 0.6, 0.15, 0.05, 0.03), lag_s=1, noise=0.05, wander=0.2, wear=5,
           signature="vibration"),
    Signal("axis_x_load_pct", "%", (0, 100), "X axis load", "X轴负载",
           (28, 12, 4, 0, 0), lag_s=0.5, noise=2.5, wander=0.25, digits=1),
    Signal("axis_z_load_pct", "%", (0, 100), "Z axis load", "Z轴负载",
           (34, 14, 9, 0, 0), lag_s=0.5, noise=2.5, wander=0.25, digits=1),
    Signal("feed_rate_mm_min", "mm/min", (0, 20000), "Feed rate", "进给速度",
           (1800, 600, 0, 0, 0), lag_s=0.5, noise=25, wander=0.20, digits=0, deadband=5),
    Signal("feed_override_pct", "%", (0, 150), "Feed override", "进给倍率", (100, 60, 100, 0, 0), digits=0),
    Signal("spindle_override_pct", "%", (0, 150), "Spindle override", "主轴倍率", (100, 80, 100, 0, 0), digits=0),
    Signal("rapid_override_pct", "%", (0, 100), "Rapid override", "快移倍率", (100, 25, 100, 0, 0), digits=0),
    Signal("coolant_pressure_bar", "bar", (0, 80), "Coolant pressure", "冷却液压力",
           (38, 5, 2, 0, 0), lag_s=3, noise=0.4, wear=-9, signature="pressure", digits=1),
    Signal("coolant_temperature_c", "Cel", (10, 45), "Coolant temperature", "冷却液温度",
           (23.5, 23, 22.5, 22, 22), per_power=5, lag_s=1800, noise=0.1, ambient=0.9, digits=1,
           deadband=0.1),
    Signal("hydraulic_pressure_bar", "bar", (0, 90), "Hydraulic pressure", "液压压力",
           (62, 62, 60, 20, 0), lag_s=4, noise=0.3, wear=-12, signature="pressure", digits=1),
    Signal("tool_number", "1", (0, 60), "Tool in spindle", "当前刀具", (12, 0, 0, 0, 0), sweep_s=420, digits=0),
    Signal("block_number", "1", (0, 1e6), "Block of the program", "程序段号", (840, 0, 0, 0, 0), sweep_s=140, digits=0),
    Signal("program_runtime_s", "s", (0, 1e9), "Run time of programs", "程序运行时间",
           (1, 0, 0, 0, 0), counter=True, digits=1),
)
# fmt: on

PROFILE = profiles.register("cnc")(Profile("cnc", "CNC machine tool", "数控机床", SIGNALS))
