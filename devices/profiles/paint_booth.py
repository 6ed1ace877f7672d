"""A booth or oven of a paint shop, with its air supply."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("booth_temperature_c", "Cel", (15, 30), "Booth temperature", "喷房温度",
           (23.5, 23.2, 22.8, 22, 22), spread=0.004, lag_s=600, noise=0.08, ambient=0.12, wear=2,
           signature="temperature", digits=2),
    Signal("booth_humidity_pct", "%", (30, 85), "Booth relative humidity", "喷房相对湿度",
           (65, 64, 62, 55, 50), spread=0.01, lag_s=900, noise=0.4, ambient=-0.8, digits=1),
    Signal("air_speed_m_s", "m/s", (0, 1), "Downdraught speed", "下沉风速",
           (0.45, 0.42, 0.3, 0.1, 0), lag_s=20, noise=0.008, wear=-0.12, signature="pressure",
           digits=3),
    Signal("filter_pressure_pa", "Pa", (0, 600), "Filter pressure drop", "过滤器压差",
           (190, 180, 120, 20, 0), lag_s=15, noise=3, wear=220, signature="pressure", digits=0),
    Signal("paint_flow_ml_min", "mL/min", (0, 900), "Paint flow", "涂料流量",
           (420, 80, 0, 0, 0), lag_s=1, noise=6, wander=0.08, digits=0),
    Signal("paint_pressure_bar", "bar", (0, 12), "Paint pressure", "涂料压力",
           (7.2, 6, 5, 1, 0), lag_s=3, noise=0.06, wear=-1.8, signature="pressure"),
    Signal("bell_speed_rpm", "/min", (0, 70000), "Bell speed", "旋杯转速",
           (45000, 20000, 0, 0, 0), lag_s=4, noise=120, wander=0.03, digits=0, deadband=50),
    Signal("bell_voltage_kv", "kV", (0, 100), "Electrostatic voltage", "静电电压",
           (70, 10, 0, 0, 0), lag_s=1, noise=0.4, digits=1),
    Signal("bell_vibration_mm_s", "mm/s", (0, 5), "Bell bearing vibration, r.m.s.", "旋杯轴承振动有效值",
           (0.7, 0.4, 0.05, 0.02, 0.02), lag_s=1, noise=0.04, wear=3, signature="vibration"),
    Signal("fan_current_a", "A", (0, 300), "Supply fan current", "送风机电流",
           (40, 38, 20, 5, 0), per_power=120, lag_s=4, noise=1.5, wear=15, signature="torque",
           digits=1),
    Signal("oven_temperature_c", "Cel", (20, 180), "Oven temperature", "烘房温度",
           (142, 138, 120, 60, 25), spread=0.006, lag_s=1800, noise=0.4, ambient=0.2, wear=-6,
           signature="temperature", digits=1),
    Signal("voc_mg_m3", "mg/m3", (0, 60), "VOC in exhaust air", "排气VOC浓度",
           (24, 8, 3, 2, 1), lag_s=120, noise=0.6, wander=0.1, wear=10, signature="pressure", digits=1),
    Signal("film_thickness_um", "um", (0, 60), "Film thickness", "漆膜厚度",
           (38, 0, 0, 0, 0), spread=0.01, lag_s=5, noise=0.7, wander=0.02, digits=1),
)
# fmt: on

PROFILE = profiles.register("paint_booth")(Profile("paint_booth", "Paint booth", "喷漆室", SIGNALS))
