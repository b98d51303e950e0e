using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Networking.Attributes;

/// <summary>One attribute of a resource: how it is read, who may read it, how it is given.</summary>
internal sealed record Attribute<T>(string Name, Func<T, object?> Read)
{
    /// <summary>Only the administrator sees it.</summary>
    public bool AdminOnly { get; init; }

    /// <summary>Whether this resource shows it at all.</summary>
    public Func<T, bool>? Shown { get; init; }

    /// <summary>Whether the answer to a create shows it whatever <see cref="Shown"/> says.</summary>
    public bool ShownWhenCreated { get; init; }

    /// <summary>Not part of any answer: a filter or an input only.</summary>
    public bool Hidden { get; init; }

    /// <summary>Whether lists may be filtered by it.</summary>
    public bool Filter { get; init; } = true;

    /// <summary>Whether lists may be ordered by it.</summary>
    public bool Sort { get; init; }

    /// <summary>How it is given; null where it is not.</summary>
    public Given? Given { get; init; }
}

/// <summary>How an attribute is given in a request.</summary>
/// <param name="Parse">Turns the value into the model's or refuses it.</param>
internal sealed record Given(Func<string, JsonNode?, object?> Parse)
{
    /// <summary>Allowed when creating.</summary>
    public bool Post { get; init; } = true;

    /// <summary>Allowed when updating.</summary>
    public bool Put { get; init; } = true;

    public bool Required { get; init; }

    /// <summary>What a missing one becomes when creating; null leaves it out.</summary>
    public Func<object?>? Default { get; init; }

    /// <summary>Whether only the administrator may give this value.</summary>
    public Func<object?, bool>? Admin { get; init; }
}

/// <summary>The attributes that a request gave, validated and converted.</summary>
internal sealed class Input(Dictionary<string, object?> values)
{
    public IEnumerable<string> Names => values.Keys;

    public bool Has(string name) => values.ContainsKey(name);

    public object? this[string name] => values.GetValueOrDefault(name);

    /// <summary>The value; the default of its type where absent or null.</summary>
    public TValue? Get<TValue>(string name) => values.GetValueOrDefault(name) is TValue value ? value : default;

    /// <summary>The value where it is given; else the other one.</summary>
    public TValue Or<TValue>(string name, TValue otherwise) => values.TryGetValue(name, out object? value) && value is TValue typed ? typed : otherwise;

    /// <summary>Runs the action where the attribute is given.</summary>
    public void When<TValue>(string name, Action<TValue> then)
    {
        if (values.TryGetValue(name, out object? value) && value is TValue typed) then(typed);
    }

    public void Set(string name, object? value) => values[name] = value;
}
