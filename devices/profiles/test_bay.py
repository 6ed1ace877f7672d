"""A test bench: end of line, leak test, dynamometer, dimensional inspection."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("test_speed_rpm", "/min", (0, 16000), "Test speed", "测试转速",
           (7200, 900, 0, 0, 0), lag_s=5, noise=4, wander=0.08, digits=0, deadband=5),
    Signal("test_torque_nm", "N.m", (0, 400), "Test torque", "测试扭矩",
           (185, 20, 0, 0, 0), lag_s=3, noise=0.8, wander=0.10, wear=12, signature="torque", digits=1),
    Signal("test_voltage_v", "V", (0, 900), "Test voltage", "测试电压",
           (620, 400, 50, 0, 0), spread=0.004, lag_s=2, noise=0.5, digits=1),
    Signal("test_current_a", "A", (0, 600), "Test current", "测试电流",
           (40, 10, 0, 0, 0), per_power=180, lag_s=2, noise=0.8, wander=0.10, digits=1),
    Signal("leak_rate_ml_min", "mL/min", (0, 10), "Leak rate", "泄漏率",
           (1.2, 0, 0, 0, 0), lag_s=2, noise=0.08, wear=1.5, signature="pressure", digits=3),
    Signal("test_pressure_bar", "bar", (0, 10), "Test pressure", "测试压力",
           (4.5, 2, 0, 0, 0), spread=0.005, lag_s=3, noise=0.01, wear=-0.8, signature="pressure",
           digits=3),
    Signal("insulation_mohm", "MOhm", (0, 2000), "Insulation resistance", "绝缘电阻",
           (980, 0, 0, 0, 0), lag_s=2, noise=12, wander=0.03, digits=0),
    Signal("noise_db", "dB", (20, 100), "Sound pressure level", "声压级",
           (74, 55, 45, 42, 38), lag_s=1, noise=0.4, wear=6, signature="vibration", digits=1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Bench vibration, r.m.s.", "台架振动有效值",
           (1.3, 0.4, 0.08, 0.03, 0.03), lag_s=1, noise=0.05, wander=0.1, wear=4,
           signature="vibration"),
    Signal("bench_temperature_c", "Cel", (10, 90), "Load machine temperature", "加载电机温度",
           (30, 27, 25, 23, 22), per_power=26, lag_s=1200, noise=0.2, ambient=1, wear=18,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("coolant_temperature_c", "Cel", (10, 60), "Coolant temperature", "冷却液温度",
           (26, 24, 23, 22, 22), per_power=9, lag_s=900, noise=0.1, ambient=0.6, digits=1,
           deadband=0.1),
    Signal("tested_h", "h", (0, 1e6), "Test hours", "测试小时", (1 / 3600, 0, 0, 0, 0), counter=True, digits=3),
)
# fmt: on

PROFILE = profiles.register("test_bay")(Profile("test_bay", "Test bay", "检测工位", SIGNALS))
