using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon.Core;

/// <summary>
/// A value that must not be seen: a password, a token, a private key. It prints as <c>***</c> and refuses to be
/// serialized; only <see cref="Reveal"/>, at the edge that sends it, gives the text.
/// </summary>
[DebuggerDisplay("***")]
[JsonConverter(typeof(NoJson))]
public sealed class Secret : IEquatable<Secret>
{
    private readonly string _value;

    /// <summary>Wraps a value.</summary>
    public Secret(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _value = value;
    }

    /// <summary>Whether the value is the empty string.</summary>
    public bool IsEmpty => _value.Length == 0;

    /// <summary>The value itself. Call it only where the value is sent, never where something is printed.</summary>
    public string Reveal() => _value;

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && string.Equals(_value, other._value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => _value.GetHashCode(StringComparison.Ordinal);

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";

    private sealed class NoJson : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
            => new(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options)
            => throw new NotSupportedException("A secret is never serialized.");
    }
}
