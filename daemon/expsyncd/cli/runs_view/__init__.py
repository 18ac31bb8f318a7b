"""What is known of runs, chosen, sorted and laid out for a terminal, a program or a spreadsheet."""
