"""What requests may hold, and what answers do hold."""
