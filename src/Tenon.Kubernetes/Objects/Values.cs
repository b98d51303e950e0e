using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>A number or a name, as in a Service's <c>targetPort</c> or a disruption budget's percentage.</summary>
[JsonConverter(typeof(IntOrStringConverter))]
public readonly record struct IntOrString
{
    private readonly int _number;

    /// <summary>A number.</summary>
    public IntOrString(int number) => _number = number;

    /// <summary>A name.</summary>
    public IntOrString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
    }

    /// <summary>The name; <see langword="null"/> when it is a number.</summary>
    public string? Text { get; }

    /// <summary>The number; <see langword="null"/> when it is a name.</summary>
    public int? Number => Text is null ? _number : null;

    /// <summary>The number or the name.</summary>
    public override string ToString() => Text ?? _number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number.</summary>
    public static implicit operator IntOrString(int number) => new(number);

    /// <summary>A name.</summary>
    public static implicit operator IntOrString(string text) => new(text);
}

/// <summary>An amount as Kubernetes writes it: a decimal with an optional suffix (<c>500m</c>, <c>2Gi</c>, <c>1e3</c>).</summary>
/// <param name="Text">The text, as it was written.</param>
[JsonConverter(typeof(QuantityConverter))]
public readonly record struct Quantity(string Text)
{
    private static readonly (string Suffix, decimal Factor)[] s_suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The amount as a number.</summary>
    /// <exception cref="FormatException">The text is not a quantity.</exception>
    public decimal Value
    {
        get
        {
            string text = Text ?? "";
            foreach ((string suffix, decimal factor) in s_suffixes)
            {
                if (text.EndsWith(suffix, StringComparison.Ordinal)
                    && decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal scaled))
                    return scaled * factor;
            }

            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal plain)
                ? plain
                : throw new FormatException($"'{text}' is not a quantity: expected a number with an optional suffix such as m, k, M or Gi.");
        }
    }

    /// <summary>The text, as it was written.</summary>
    public override string ToString() => Text ?? "";
}

internal sealed class IntOrStringConverter : JsonConverter<IntOrString>
{
    public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType switch
        {
            JsonTokenType.Number => new IntOrString(reader.GetInt32()),
            JsonTokenType.String => new IntOrString(reader.GetString()!),
            _ => throw new JsonException($"expected a number or a string, found {reader.TokenType}"),
        };

    public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
    {
        if (value.Text is { } text) writer.WriteStringValue(text);
        else writer.WriteNumberValue(value.Number!.Value);
    }
}

internal sealed class QuantityConverter : JsonConverter<Quantity>
{
    public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType switch
        {
            JsonTokenType.Number => new Quantity(reader.GetDecimal().ToString(CultureInfo.InvariantCulture)),
            JsonTokenType.String => new Quantity(reader.GetString()!),
            _ => throw new JsonException($"expected a quantity, found {reader.TokenType}"),
        };

    public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>RFC 3339 to the second, the form of <c>metav1.Time</c>.</summary>
internal sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
}

/// <summary>RFC 3339 with exactly six decimals, which is all that <c>metav1.MicroTime</c> accepts.</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        => writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
}
