"""What is read, and never decided: the API, why a lead was not sent, what a change would send."""
