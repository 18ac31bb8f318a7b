"""Sample images: from file names to series, from pictures to animations."""
