"""A cart of wheels and axles, as a table of stages in the form of Graves and Willems."""

from __future__ import annotations

HEAD = "stage_id,lead_time,max_s_time,cost_rate,risk_pool,ext_demand_mean,ext_demand_std,ext_demand_thres,up_stages\n"
CART = HEAD + "Wheel,5,,10,2,,,,\nAxle & Bolt,3,,4,2,,,\nCart,2,0,30,,8,2.0,1.645,Wheel,4,Axle & Bolt,2\n"
