"""A furnace for brazing, melting or curing, with its zones, atmosphere and waste gas."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("zone1_temperature_c", "Cel", (0, 900), "Temperature, preheating zone", "预热区温度",
           (420, 415, 400, 330, 160), spread=0.004, lag_s=1800, noise=0.6, ambient=0.1, wear=-9,
           signature="temperature", digits=1),
    Signal("zone2_temperature_c", "Cel", (0, 900), "Temperature, main zone", "主加热区温度",
           (605, 603, 590, 480, 220), spread=0.003, lag_s=2400, noise=0.5, ambient=0.1, wear=-14,
           signature="temperature", digits=1),
    Signal("zone3_temperature_c", "Cel", (0, 900), "Temperature, cooling zone", "冷却区温度",
           (180, 170, 150, 110, 60), spread=0.005, lag_s=1500, noise=0.5, ambient=0.2, digits=1),
    Signal("wall_temperature_c", "Cel", (0, 150), "Temperature of the outer wall", "炉壁温度",
           (58, 57, 55, 48, 34), lag_s=3600, noise=0.2, ambient=0.8, wear=8, signature="temperature", digits=1),
    Signal("heater_current_a", "A", (0, 1200), "Heater current", "加热器电流",
           per_kw=1.5, lag_s=3, noise=2, wander=0.02, wear=-20, signature="torque", digits=1),
    Signal("belt_speed_m_min", "m/min", (0, 4), "Speed of the belt", "网带速度",
           (0.85, 0.2, 0.1, 0, 0), lag_s=4, noise=0.004, wander=0.01, digits=3),
    Signal("oxygen_ppm", "ppm", (0, 2000), "Oxygen in the furnace", "炉内氧含量",
           (28, 30, 45, 400, 900), lag_s=300, noise=1.5, wear=120, signature="pressure", digits=0),
    Signal("atmosphere_pressure_pa", "Pa", (-50, 100), "Pressure of the atmosphere", "炉内气氛压力",
           (22, 21, 18, 4, 0), lag_s=20, noise=0.6, floor=-50, wear=-12, signature="pressure", digits=1),
    Signal("gas_flow_m3_h", "m3/h", (0, 80), "Flow of the protective gas", "保护气流量",
           (32, 30, 24, 6, 0), lag_s=15, noise=0.3, wander=0.02, digits=1),
    Signal("dew_point_c", "Cel", (-70, 20), "Dew point of the atmosphere", "气氛露点",
           (-46, -46, -44, -30, -12), lag_s=900, noise=0.3, floor=-80, wear=6, signature="pressure", digits=1),
    Signal("waste_gas_temperature_c", "Cel", (0, 400), "Waste gas temperature", "废气温度",
           (190, 182, 160, 110, 45), lag_s=600, noise=0.8, ambient=0.2, digits=1),
    Signal("fan_vibration_mm_s", "mm/s", (0, 11), "Fan vibration, r.m.s.", "风机振动有效值",
           (1.6, 1.5, 1.2, 0.3, 0.03), lag_s=2, noise=0.06, wander=0.05, wear=4, signature="vibration"),
)
# fmt: on

PROFILE = profiles.register("furnace")(Profile("furnace", "Furnace", "工业炉", SIGNALS))
