"""Wing 3: seeing, correcting, taking along and deleting; and carrying that to the CRMs."""
