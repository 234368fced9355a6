"""History from a platform's export, as member events: pure readers of formats, and one runner for all of them."""
