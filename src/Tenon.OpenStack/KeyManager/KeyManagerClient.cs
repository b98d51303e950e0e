using System.Text.Json.Serialization;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.KeyManager;

/// <summary>Barbican.</summary>
public sealed class KeyManagerClient : IKeyManagerReader
{
    private readonly ServiceChannel _channel;

    internal KeyManagerClient(ServiceChannel channel) => _channel = channel;

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string reference, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reference);
        string[] parts = reference.TrimEnd('/').Split('/');
        if (parts is not [.., "secrets" or "containers", { Length: > 0 } id])
        {
            throw new FormatException($"'{reference}' is no reference of a Barbican secret or container: expected …/v1/secrets/ID or …/v1/containers/ID.");
        }

        string kind = parts[^2];
        var call = new ApiCall { Operation = $"key-manager.{kind}.get", Method = HttpMethod.Get, Path = $"{kind}/{Uri.EscapeDataString(id)}" };
        StoredWire? answer = await _channel.GetAsync(call, KeyManagerJson.Default.StoredWire, cancellationToken);
        return answer is { Status: null or "ACTIVE" };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredWire))]
internal sealed partial class KeyManagerJson : JsonSerializerContext;

internal sealed record StoredWire(string? Status);
