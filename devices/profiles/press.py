"""A stamping or forming press."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("stroke_rate_per_min", "/min", (0, 30), "Strokes per minute", "行程次数",
           (16, 4, 0, 0, 0), lag_s=3, noise=0.15, wander=0.04, digits=1),
    Signal("press_force_kn", "kN", (0, 25000), "Press force", "冲压力",
           (14500, 3000, 0, 0, 0), lag_s=1, noise=90, wander=0.06, wear=900, signature="torque",
           digits=0),
    Signal("force_left_kn", "kN", (0, 12500), "Force, left column", "左立柱力",
           (7200, 1500, 0, 0, 0), lag_s=1, noise=60, wander=0.06, wear=900, signature="torque",
           digits=0),
    Signal("force_right_kn", "kN", (0, 12500), "Force, right column", "右立柱力",
           (7300, 1500, 0, 0, 0), lag_s=1, noise=60, wander=0.06, digits=0),
    Signal("cushion_pressure_bar", "bar", (0, 250), "Die cushion pressure", "拉伸垫压力",
           (165, 80, 40, 10, 0), lag_s=4, noise=1.2, wear=-35, signature="pressure", digits=1),
    Signal("hydraulic_pressure_bar", "bar", (0, 320), "Hydraulic pressure", "液压压力",
           (240, 180, 150, 30, 0), lag_s=5, noise=1.5, wear=-45, signature="pressure", digits=1),
    Signal("oil_temperature_c", "Cel", (10, 70), "Hydraulic oil temperature", "液压油温度",
           (30, 28, 26, 24, 22), per_power=18, lag_s=2400, noise=0.1, ambient=0.8, wear=9,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("bearing_temperature_c", "Cel", (10, 90), "Main bearing temperature", "主轴承温度",
           (30, 27, 25, 23, 22), per_power=24, lag_s=1500, noise=0.2, ambient=1, wear=20,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("vibration_mm_s", "mm/s", (0, 11), "Frame vibration, r.m.s.", "机身振动有效值",
           (2.6, 0.8, 0.2, 0.05, 0.03), lag_s=1, noise=0.12, wander=0.15, wear=6,
           signature="vibration"),
    Signal("motor_current_a", "A", (0, 900), "Main motor current", "主电机电流",
           (60, 40, 25, 5, 0), per_power=360, lag_s=1, noise=6, wander=0.08, wear=40,
           signature="torque", digits=0),
    Signal("die_temperature_c", "Cel", (10, 120), "Die temperature", "模具温度",
           (58, 34, 28, 24, 22), lag_s=1200, noise=0.4, ambient=1, digits=1, deadband=0.2),
    Signal("air_pressure_bar", "bar", (0, 8), "Compressed air pressure", "压缩空气压力",
           (5.9, 6.1, 6.2, 6.2, 5.8), lag_s=10, noise=0.03, digits=2),
    Signal("stroke_counter", "1", (0, 1e9), "Strokes", "行程计数", (0.2667, 0.0667, 0, 0, 0), counter=True, digits=0),
)
# fmt: on

PROFILE = profiles.register("press")(Profile("press", "Stamping press", "冲压机", SIGNALS))
