"""A moulding machine: foaming of cushions, moulding of plastics and of power modules."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("mould_temperature_c", "Cel", (10, 250), "Mould temperature", "模具温度",
           (62, 58, 50, 34, 24), spread=0.01, lag_s=900, noise=0.2, ambient=0.3, wear=-4,
           signature="temperature", digits=1),
    Signal("material_temperature_c", "Cel", (10, 250), "Material temperature", "物料温度",
           (26, 25, 24, 23, 22), spread=0.01, lag_s=900, noise=0.1, ambient=0.4, digits=1),
    Signal("clamp_force_kn", "kN", (0, 1500), "Clamping force", "合模力",
           (620, 180, 20, 0, 0), lag_s=1, noise=3, wander=0.03, wear=-70, signature="pressure", digits=0),
    Signal("injection_pressure_bar", "bar", (0, 250), "Pressure at the mixing head", "注射压力",
           (148, 60, 20, 0, 0), lag_s=1, noise=1.2, wander=0.04, wear=22, signature="pressure", digits=1),
    Signal("shot_weight_g", "g", (0, 3000), "Weight of a shot", "注射量",
           (1240, 0, 0, 0, 0), spread=0.005, lag_s=2, noise=4, digits=1),
    Signal("cure_time_s", "s", (0, 600), "Curing time", "固化时间",
           (42, 0, 0, 0, 0), lag_s=2, noise=0.3, wear=4, signature="temperature", digits=1),
    Signal("vacuum_kpa", "kPa", (-101, 0), "Vacuum", "真空度",
           (-78, -60, -20, 0, 0), lag_s=5, noise=0.4, floor=-101.3, wear=9, signature="pressure", digits=1),
    Signal("hydraulic_pressure_bar", "bar", (0, 250), "Hydraulic pressure", "液压压力",
           (140, 110, 80, 10, 0), lag_s=3, noise=0.8, digits=1),
    Signal("pump_current_a", "A", (0, 300), "Pump current", "泵电流",
           per_kw=1.1, lag_s=1, noise=0.4, wander=0.05, wear=6, signature="torque", digits=1),
    Signal("vibration_mm_s", "mm/s", (0, 7.1), "Pump vibration, r.m.s.", "泵振动有效值",
           (1.2, 0.7, 0.3, 0.05, 0.03), lag_s=1, noise=0.05, wander=0.1, wear=3.5, signature="vibration"),
)
# fmt: on

PROFILE = profiles.register("moulding")(Profile("moulding", "Moulding machine", "模塑成型机", SIGNALS))
