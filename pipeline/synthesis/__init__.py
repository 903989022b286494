"""What generating stages share: styles, task types, reply forms, draws."""
