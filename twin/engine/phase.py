"""What a place of a unit is at: no part, before the operation, the operation, done, waiting for something."""

IDLE, PREPARING, WORKING, DONE, WAITING = 0, 1, 2, 3, 4
