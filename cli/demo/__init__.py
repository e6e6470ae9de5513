"""The main job from nothing: a stack, sample uploads, and the proof that its sums hold."""
