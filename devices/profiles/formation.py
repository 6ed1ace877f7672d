"""A cabinet that charges and discharges cells: formation and grading of capacity."""

from devices.profiles import profiles
from devices.signals.signal import Profile, Signal

# fmt: off
SIGNALS = (
    Signal("channel_voltage_v", "V", (0, 5), "Cell voltage, mean of the channels", "通道平均电压",
           (3.66, 3.3, 3.3, 0, 0), spread=0.002, lag_s=30, noise=0.002, wander=0.01, digits=4),
    Signal("channel_current_a", "A", (0, 120), "Cell current, mean of the channels", "通道平均电流",
           (42, 0, 0, 0, 0), spread=0.003, lag_s=2, noise=0.05, wear=-1.6, signature="torque", digits=2),
    Signal("cell_temperature_c", "Cel", (10, 60), "Warmest cell", "最高电芯温度",
           (37, 29, 26, 25, 24), spread=0.01, lag_s=1200, noise=0.1, ambient=0.4, wear=7,
           signature="temperature", digits=1),
    Signal("chamber_temperature_c", "Cel", (10, 60), "Chamber temperature", "库位温度",
           (32, 30, 27, 25, 24), spread=0.005, lag_s=1800, noise=0.1, ambient=0.5, digits=1),
    Signal("contact_resistance_mohm", "mOhm", (0, 5), "Contact resistance, worst channel", "接触电阻",
           (0.9, 0, 0, 0, 0), lag_s=2, noise=0.02, wear=1.4, signature="temperature", digits=3),
    Signal("capacity_ah", "A.h", (0, 200), "Capacity of the last cell", "电芯容量",
           (117.4, 0, 0, 0, 0), spread=0.001, lag_s=5, noise=0.35, digits=2),
    Signal("open_voltage_mv_d", "mV/d", (0, 20), "Self-discharge", "自放电率",
           (1.6, 0, 0, 0, 0), lag_s=5, noise=0.08, digits=2),
    Signal("feedback_power_kw", "kW", (0, 800), "Power fed back while discharging", "放电回馈功率",
           (160, 0, 0, 0, 0), lag_s=4, noise=3, wander=0.1, digits=1),
    Signal("bus_voltage_v", "V", (0, 900), "Voltage of the direct current bus", "直流母线电压",
           (750, 745, 740, 0, 0), spread=0.004, lag_s=3, noise=0.8, digits=1),
    Signal("fan_speed_rpm", "/min", (0, 3000), "Fan speed", "风机转速",
           (1750, 1200, 600, 200, 0), lag_s=6, noise=8, wear=240, signature="temperature", digits=0),
    Signal("active_channels", "1", (0, 1024), "Channels in use", "工作通道数",
           (940, 400, 0, 0, 0), spread=0.01, lag_s=60, noise=2, wear=-40, signature="torque", digits=0),
)
# fmt: on

PROFILE = profiles.register("formation")(Profile("formation", "Formation cabinet", "化成分容柜", SIGNALS))
