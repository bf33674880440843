class AuthorsLoop:
    pass
