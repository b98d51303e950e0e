"""What this test cloud changes in Octavia."""


def native_locks():
    """Something that Octavia imports loads eventlet, from which oslo.log concludes that there are green threads, and locks
    all logging by them. Octavia's threads are native: now and then such a lock is never released, and a service hangs."""
    from oslo_log import log
    log._fix_eventlet_logging = lambda: None


def quick_types():
    """The API's types keep their attributes in the order they are written in. wsme finds that order by parsing each
    type's source file, which is most of Octavia's start; the classes know it."""
    from wsme import types
    inspect_class = types.inspect_class
    written = {}    # the names of each class, before wsme adds those it inherits

    def with_order(class_):
        for c in class_.__mro__:
            written.setdefault(c, list(vars(c)))
        names = {name for name, _ in types.inspect.getmembers(class_, types.iswsattr)
                 if not name.startswith('_')}
        order = dict.fromkeys(n for c in class_.__mro__ for n in written[c] if n in names)
        class_._wsme_attr_order = list(order)
        return inspect_class(class_)
    types.inspect_class = with_order
