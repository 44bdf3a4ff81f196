"""What only a person can do or answer, with the statutory clock running."""
