"""Views, as nested lists of what they were made with."""


class _View:
    def __init__(self, *contents, **settings):
        self.contents, self.settings = contents, settings

    def plain(self):
        settings = {name: value for name, value in self.settings.items() if isinstance(value, str)}
        return [type(self).__name__, settings, *(one.plain() for one in self.contents)]


class Blueprint(_View):
    pass


class Vertical(_View):
    def __init__(self, *args, row_shares=None, name=None):
        super().__init__(*args, name=name)


class Horizontal(_View):
    def __init__(self, *args, column_shares=None, name=None):
        super().__init__(*args, name=name)


class Tabs(_View):
    pass


class Spatial2DView(_View):
    def __init__(self, *, origin="/", contents="$origin/**", overrides=None, name=None):
        super().__init__(origin=origin, contents=contents, name=name)


class Spatial3DView(_View):
    def __init__(self, *, origin="/", name=None):
        super().__init__(origin=origin, name=name)


class TimeSeriesView(_View):
    def __init__(self, *, origin="/", name=None):
        super().__init__(origin=origin, name=name)


class TextLogView(_View):
    def __init__(self, *, origin="/", name=None):
        super().__init__(origin=origin, name=name)


class TimePanel(_View):
    def __init__(self, *, timeline=None, state=None, play_state=None):
        super().__init__(timeline=timeline, state=state, play_state=play_state)


class BlueprintPanel(_View):
    def __init__(self, *, state=None):
        super().__init__(state=state)


class SelectionPanel(_View):
    def __init__(self, *, state=None):
        super().__init__(state=state)
