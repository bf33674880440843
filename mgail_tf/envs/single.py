class SingleEnvironment:
    pass
