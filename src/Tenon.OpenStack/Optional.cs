namespace Tenon.OpenStack;

/// <summary>
/// A field of an update: left out, or set to a value. Where <typeparamref name="T"/> is nullable, set to
/// <see langword="null"/> sends JSON <c>null</c>, which is a third thing and clears the field.
/// </summary>
/// <typeparam name="T">The field's type.</typeparam>
public readonly record struct Optional<T>
{
    private readonly T _value;

    /// <summary>A field that is sent.</summary>
    public Optional(T value)
    {
        _value = value;
        IsSet = true;
    }

    /// <summary>A field that is left out; also <see langword="default"/>.</summary>
    public static Optional<T> Unset => default;

    /// <summary>Whether the field is sent at all.</summary>
    public bool IsSet { get; }

    /// <summary>The value to send.</summary>
    /// <exception cref="InvalidOperationException">The field is left out.</exception>
    public T Value => IsSet ? _value : throw new InvalidOperationException("The field is not set.");

    /// <summary>The value to send, or <paramref name="fallback"/> when the field is left out.</summary>
    public T Or(T fallback) => IsSet ? _value : fallback;

    /// <summary>Sets the field.</summary>
    public static implicit operator Optional<T>(T value) => new(value);

    /// <summary>The value, <c>null</c>, or <c>unset</c>.</summary>
    public override string ToString() => IsSet ? _value?.ToString() ?? "null" : "unset";
}
