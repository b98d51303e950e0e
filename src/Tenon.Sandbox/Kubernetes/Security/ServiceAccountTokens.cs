using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Issues and verifies service-account tokens: JWTs signed with a key that lives as long as the sandbox.</summary>
internal sealed class ServiceAccountTokens(ClusterStore store, TimeProvider time) : IDisposable
{
    /// <summary>The issuer, and the audience of the API server itself.</summary>
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private static readonly GroupResource Accounts = new("", "serviceaccounts");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The names under which the API server is an audience.</summary>
    public static IReadOnlyList<string> Audiences { get; } = [Issuer];

    /// <summary>Issues a token.</summary>
    /// <param name="account">The ServiceAccount.</param>
    /// <param name="audiences">Who shall accept it; none means the API server.</param>
    /// <param name="lifetime">How long it is valid; <see langword="null"/> for ever (tokens in Secrets).</param>
    /// <param name="bound">The object that it is bound to, by resource: it is valid only while that exists.</param>
    public string Issue(StoredObject account, IReadOnlyCollection<string> audiences, TimeSpan? lifetime, StoredObject? bound = null)
    {
        DateTimeOffset now = time.GetUtcNow();
        var cluster = new JsonObject
        {
            ["namespace"] = account.Key.Namespace,
            ["serviceaccount"] = new JsonObject { ["name"] = account.Key.Name, ["uid"] = account.Uid },
        };
        if (bound is not null) cluster[bound.Document.Text("kind")!.ToLowerInvariant()] = new JsonObject { ["name"] = bound.Key.Name, ["uid"] = bound.Uid };
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. (audiences.Count == 0 ? Audiences : audiences).Select(a => (JsonNode)a)]),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = cluster,
            ["sub"] = $"system:serviceaccount:{account.Key.Namespace}:{account.Key.Name}",
        };
        if (lifetime is { } seconds) claims["exp"] = (now + seconds).ToUnixTimeSeconds();
        string text = $"{Encode(new JsonObject { ["alg"] = "ES256", ["kid"] = "sandbox" })}.{Encode(claims)}";
        byte[] signature = _key.SignData(System.Text.Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256);
        return $"{text}.{WebEncoders.Base64UrlEncode(signature)}";
    }

    /// <summary>Who a token stands for; <see langword="null"/> when it is forged, expired, for others, or its account is gone.</summary>
    public UserInfo? Verify(string token, IReadOnlyCollection<string> audiences)
    {
        string[] parts = token.Split('.');
        if (parts.Length != 3) return null;
        JsonNode? claims;
        try
        {
            byte[] signed = System.Text.Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            if (!_key.VerifyData(signed, WebEncoders.Base64UrlDecode(parts[2]), HashAlgorithmName.SHA256)) return null;
            claims = JsonNode.Parse(WebEncoders.Base64UrlDecode(parts[1]));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }

        if (claims.Long("exp") is { } end && time.GetUtcNow().ToUnixTimeSeconds() >= end) return null;
        IReadOnlyCollection<string> accepted = audiences.Count == 0 ? Audiences : audiences;
        if (!claims.Texts("aud").Any(accepted.Contains)) return null;
        string space = claims.Text("kubernetes.io", "namespace") ?? "";
        string name = claims.Text("kubernetes.io", "serviceaccount", "name") ?? "";
        StoredObject? account = store.Get(Accounts, new NamespacedName(space, name));
        if (account is null || account.Uid != claims.Text("kubernetes.io", "serviceaccount", "uid")) return null;
        foreach ((string kind, string plural) in (ReadOnlySpan<(string, string)>)[("pod", "pods"), ("secret", "secrets")])
        {
            if (claims.At("kubernetes.io", kind) is { } bound
                && store.Get(new("", plural), new NamespacedName(space, bound.Text("name") ?? ""))?.Uid != bound.Text("uid")) return null;
        }

        return UserOf(account.Key, account.Uid);
    }

    /// <summary>The user that a ServiceAccount is.</summary>
    public static UserInfo UserOf(NamespacedName account, string uid = "") => new(
        $"system:serviceaccount:{account.Namespace}:{account.Name}",
        ["system:serviceaccounts", $"system:serviceaccounts:{account.Namespace}", "system:authenticated"], uid);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string Encode(JsonObject document) => WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(document));
}
