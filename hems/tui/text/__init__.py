"""What each screen says, as rows of text: pure functions of a view, a width and a height."""
