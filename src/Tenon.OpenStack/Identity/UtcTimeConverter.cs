using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon.OpenStack.Identity;

/// <summary>
/// Reads Keystone's times, which are UTC whether they say so or not: the token of an application credential that expires has
/// <c>2026-11-21T07:06:20</c>, which would otherwise be read as local time.
/// </summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => DateTimeOffset.TryParse(reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time
            : throw new JsonException("not a time");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
}
