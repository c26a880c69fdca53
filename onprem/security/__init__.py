"""The egress wall and process hygiene: raised before anything heavy is imported, inherited by every child."""
