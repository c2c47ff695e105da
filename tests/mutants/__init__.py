"""What suites and rules do not catch: the finished application, changed in thousands of small ways."""
