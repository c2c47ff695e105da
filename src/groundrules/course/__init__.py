"""The course: its steps and tasks, the states of the application, and where a trainee stands."""
