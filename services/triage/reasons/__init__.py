"""The reasons for which a member may need a human: what each looks at, pure and apart from the others."""
