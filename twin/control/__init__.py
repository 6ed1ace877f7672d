"""Control of job shops and fabs: routes of lots, pools of tools with a common queue, dispatching rules."""
