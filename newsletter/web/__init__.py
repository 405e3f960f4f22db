"""What readers and other programs reach by HTTP: pages, a small JSON API, and two words for monitors."""
