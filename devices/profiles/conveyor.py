"""A belt, roller or skid conveyor, a monorail."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("speed_m_min", "m/min", (0, 30), "Belt speed", "输送速度",
           (12, 4, 3, 0, 0), lag_s=3, noise=0.06, wander=0.02),
    Signal("load_pct", "%", (0, 100), "Drive load", "驱动负载",
           (48, 20, 12, 0, 0), lag_s=2, noise=1.5, wander=0.25, wear=12, signature="torque", digits=1),
    Signal("motor_current_a", "A", (0, 40), "Drive current", "驱动电流",
           (3, 2, 1.5, 0, 0), per_power=11, lag_s=1, noise=0.2, wander=0.2, wear=3,
           signature="torque", digits=2),
    Signal("drive_torque_nm", "N.m", (0, 300), "Drive torque", "驱动扭矩",
           (120, 50, 30, 0, 0), lag_s=1, noise=3, wander=0.25, wear=60, signature="torque", digits=1),
    Signal("motor_temperature_c", "Cel", (10, 95), "Motor temperature", "电机温度",
           (32, 28, 26, 23, 22), per_power=20, lag_s=1500, noise=0.2, ambient=1, wear=18,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("bearing_temperature_c", "Cel", (10, 90), "Drum bearing temperature", "滚筒轴承温度",
           (33, 28, 26, 23, 22), per_power=6, lag_s=1800, noise=0.2, ambient=1, wear=25,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Bearing vibration, r.m.s.", "轴承振动有效值",
           (1.0, 0.5, 0.3, 0.03, 0.03), lag_s=1, noise=0.05, wander=0.1, wear=4.5,
           signature="vibration"),
    Signal("belt_tension_kn", "kN", (0, 20), "Belt tension", "皮带张力",
           (9, 8.6, 8.4, 8, 8), lag_s=5, noise=0.08, wear=-2.5, signature="pressure"),
    Signal("occupied_pct", "%", (0, 100), "Occupied places", "占用率",
           (62, 30, 45, 50, 20), lag_s=60, noise=2, wander=0.2, digits=0),
    Signal("run_h", "h", (0, 1e6), "Running hours", "运行小时",
           (1 / 3600, 1 / 3600, 1 / 3600, 0, 0), counter=True, digits=3),
)
# fmt: on

PROFILE = profiles.register("conveyor")(Profile("conveyor", "Conveyor", "输送机", SIGNALS))
