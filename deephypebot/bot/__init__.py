"""The stages of the bot: one file each. They never call one another; they meet in the store."""
