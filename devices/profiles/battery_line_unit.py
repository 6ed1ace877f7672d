"""A unit of a cell, module or pack line: coating, winding, filling, formation, welding of busbars."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("line_speed_m_min", "m/min", (0, 90), "Web speed", "走带速度",
           (48, 10, 0, 0, 0), lag_s=5, noise=0.15, wander=0.02),
    Signal("web_tension_n", "N", (0, 400), "Web tension", "卷绕张力",
           (165, 120, 60, 10, 0), lag_s=2, noise=1.8, wander=0.04, wear=35, signature="torque",
           digits=1),
    Signal("coat_weight_g_m2", "g/m2", (0, 400), "Coat weight", "涂布面密度",
           (212, 0, 0, 0, 0), spread=0.004, lag_s=4, noise=0.9, wander=0.004, digits=1),
    Signal("oven_temperature_c", "Cel", (20, 160), "Oven temperature", "烘箱温度",
           (118, 112, 95, 45, 25), spread=0.004, lag_s=1500, noise=0.25, ambient=0.1, wear=-7,
           signature="temperature", digits=1),
    Signal("dew_point_c", "Cel", (-60, 0), "Dew point of the dry room", "干燥间露点",
           (-42, -42, -43, -40, -35), spread=0.01, lag_s=1800, noise=0.15, ambient=0.25, floor=-80,
           digits=1),
    Signal("roll_pressure_kn", "kN", (0, 1200), "Calender force", "辊压力",
           (760, 400, 100, 0, 0), lag_s=4, noise=4, wear=-90, signature="pressure", digits=0),
    Signal("roll_temperature_c", "Cel", (10, 120), "Roll bearing temperature", "辊轴承温度",
           (34, 30, 27, 24, 22), per_power=20, lag_s=1500, noise=0.2, ambient=1, wear=20,
           signature="temperature",
           digits=1, deadband=0.1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Roll vibration, r.m.s.", "辊振动有效值",
           (0.9, 0.4, 0.1, 0.03, 0.03), lag_s=1, noise=0.04, wander=0.1, wear=4, signature="vibration"),
    Signal("electrolyte_g", "g", (0, 200), "Electrolyte per cell", "单体注液量",
           (121.5, 0, 0, 0, 0), spread=0.003, lag_s=2, noise=0.25, digits=2),
    Signal("cell_voltage_v", "V", (0, 4.5), "Cell voltage", "电芯电压",
           (3.62, 0, 0, 0, 0), spread=0.001, lag_s=2, noise=0.004, digits=4),
    Signal("cell_resistance_mohm", "mOhm", (0, 3), "Internal resistance", "内阻",
           (0.62, 0, 0, 0, 0), lag_s=2, noise=0.006, wear=0.06, signature="torque", digits=3),
    Signal("weld_power_kw", "kW", (0, 8), "Welding power", "焊接功率",
           (3.6, 0.5, 0, 0, 0), lag_s=0.5, noise=0.05, wander=0.04),
    Signal("vacuum_kpa", "kPa", (-101, 0), "Vacuum", "真空度",
           (-92, -80, -30, -5, 0), spread=0.01, lag_s=8, noise=0.3, floor=-101.3, wear=14,
           signature="pressure", digits=1),
)
# fmt: on

PROFILE = profiles.register("battery_line_unit")(
    Profile("battery_line_unit", "Battery line unit", "电池产线单元", SIGNALS)
)
