"""What a value means: phone numbers, sizes, places, titles …, each as a person would read it."""
