"""A three-phase power meter."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("voltage_l1_v", "V", (207, 253), "Voltage L1", "L1相电压",
           (229.5, 230.2, 230.6, 231, 231.2), spread=0.002, lag_s=2, noise=0.25, digits=1),
    Signal("voltage_l2_v", "V", (207, 253), "Voltage L2", "L2相电压",
           (229.3, 230.1, 230.5, 230.9, 231.1), spread=0.002, lag_s=2, noise=0.25, digits=1),
    Signal("voltage_l3_v", "V", (207, 253), "Voltage L3", "L3相电压",
           (229.8, 230.4, 230.8, 231.1, 231.3), spread=0.002, lag_s=2, noise=0.25, digits=1),
    Signal("current_l1_a", "A", (0, 6300), "Current L1", "L1相电流",
           per_kw=1.56, lag_s=1, noise=0.6, wander=0.02, digits=1),
    Signal("current_l2_a", "A", (0, 6300), "Current L2", "L2相电流",
           per_kw=1.53, lag_s=1, noise=0.6, wander=0.02, digits=1),
    Signal("current_l3_a", "A", (0, 6300), "Current L3", "L3相电流",
           per_kw=1.58, lag_s=1, noise=0.6, wander=0.02, digits=1),
    Signal("power_factor", "1", (0, 1), "Power factor", "功率因数",
           (0.92, 0.86, 0.74, 0.6, 0.5), spread=0.01, lag_s=2, noise=0.003, digits=3),
    Signal("frequency_hz", "Hz", (49.5, 50.5), "Frequency", "频率",
           (50, 50, 50, 50, 50), spread=0, noise=0.012, digits=3),
    Signal("thd_pct", "%", (0, 15), "Current distortion", "电流总谐波畸变率",
           (4.2, 5, 6.5, 7, 2), lag_s=3, noise=0.08, wear=3, signature="torque", digits=1),
    Signal("reactive_energy_kvarh", "kvar.h", (0, 1e9), "Reactive energy", "无功电能",
           per_kw=0.0001183, counter=True, digits=4),
    Signal("cabinet_temperature_c", "Cel", (5, 60), "Cabinet temperature", "配电柜温度",
           (27, 26, 25, 24, 23), per_power=8, lag_s=1800, noise=0.1, ambient=1, wear=9,
           signature="temperature",
           digits=1, deadband=0.1),
)
# fmt: on

PROFILE = profiles.register("energy_meter")(Profile("energy_meter", "Energy meter", "电能表", SIGNALS))
