using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/os-keypairs</c>.</summary>
internal sealed class KeypairRoutes(ComputeState state)
{
    private int _next;

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/os-keypairs", "keypairs.list", request => ApiResponse.Collection("keypairs", state.Keypairs
            .Where(k => k.UserId == Owner(request)).OrderBy(k => k.Name, StringComparer.Ordinal)
            .Select(k => new JsonObject { ["keypair"] = Brief(k, request) })));
        routes.Post("/v2.1/os-keypairs", "keypairs.create", Create);
        routes.Get("/v2.1/os-keypairs/{name}", "keypairs.show", request => ApiResponse.Wrapped(200, "keypair", Detail(Find(request), request)));
        routes.Delete("/v2.1/os-keypairs/{name}", "keypairs.delete", request =>
        {
            state.Keypairs.Remove(Find(request));
            return ApiResponse.Empty(request.AtLeast(2) ? 204 : 202);
        });
    }

    private static string Owner(ApiRequest request)
        => request.AtLeast(10) && request.Token.IsAdmin && request.Query["user_id"] is { } user ? user : request.Token.UserId;

    private Keypair Find(ApiRequest request) => state.Keypairs.Find(k => k.Name == request["name"] && k.UserId == Owner(request))
        ?? throw new ApiFault(404, $"Keypair {request["name"]} not found for user {Owner(request)}");

    private static JsonObject Brief(Keypair keypair, ApiRequest request)
    {
        var json = new JsonObject { ["name"] = keypair.Name, ["public_key"] = keypair.PublicKey, ["fingerprint"] = keypair.Fingerprint };
        if (request.AtLeast(2)) json["type"] = keypair.Type;
        return json;
    }

    private static JsonObject Detail(Keypair keypair, ApiRequest request)
    {
        JsonObject json = Brief(keypair, request);
        json["user_id"] = keypair.UserId;
        json["created_at"] = ComputeJson.Micros(keypair.Created);
        json["deleted"] = false;
        json["deleted_at"] = null;
        json["id"] = keypair.Id;
        json["updated_at"] = null;
        return json;
    }

    private ApiResponse Create(ApiRequest request)
    {
        JsonObject body = (request.Body as JsonObject)?.Object("keypair") ?? throw ComputeFaults.Bad("'keypair' is a required property");
        string name = body.String("name") ?? throw ComputeFaults.Required("keypair", body, "name");
        string owner = request.AtLeast(10) && request.Token.IsAdmin ? body.String("user_id") ?? request.Token.UserId : request.Token.UserId;
        if (state.Keypairs.Exists(k => k.Name == name && k.UserId == owner)) throw new ApiFault(409, $"Key pair '{name}' already exists.");
        string? publicKey = body.String("public_key"), privateKey = null;
        if (publicKey is null)
        {
            // Nova stopped making keys.
            if (request.AtLeast(92)) throw ComputeFaults.Required("keypair", body, "public_key");
            (publicKey, privateKey) = Generate();
        }

        var keypair = new Keypair
        {
            Name = name, UserId = owner, PublicKey = publicKey, Fingerprint = Fingerprint(publicKey), Created = state.Context.Now, Id = ++_next,
            Type = body.String("type") ?? "ssh",
        };
        state.Keypairs.Add(keypair);
        JsonObject json = Brief(keypair, request);
        if (privateKey is not null) json["private_key"] = privateKey;
        json["user_id"] = owner;
        return ApiResponse.Wrapped(request.AtLeast(2) ? 201 : 200, "keypair", json);
    }

    [SuppressMessage("Security", "CA5351", Justification = "SSH fingerprints of this form are MD5 by definition; nothing is protected by it.")]
    private static string Fingerprint(string publicKey)
    {
        string[] words = publicKey.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var blob = new byte[publicKey.Length];
        if (words.Length < 2 || !Convert.TryFromBase64String(words[1], blob, out int length) || length == 0)
            throw ComputeFaults.Bad("Keypair data is invalid: failed to generate fingerprint");
        return string.Join(':', MD5.HashData(blob.AsSpan(0, length)).Select(b => b.ToString("x2")));
    }

    private static (string PublicKey, string PrivateKey) Generate()
    {
        using var rsa = RSA.Create(2048);
        RSAParameters parameters = rsa.ExportParameters(includePrivateParameters: false);
        using var blob = new MemoryStream();
        Write(blob, "ssh-rsa"u8);
        Write(blob, Positive(parameters.Exponent!));
        Write(blob, Positive(parameters.Modulus!));
        return ($"ssh-rsa {Convert.ToBase64String(blob.ToArray())} Generated-by-Nova", rsa.ExportRSAPrivateKeyPem() + "\n");
    }

    /// <summary>SSH's mpint: a leading zero keeps the number positive.</summary>
    private static byte[] Positive(byte[] number) => number[0] < 0x80 ? number : [0, .. number];

    private static void Write(MemoryStream blob, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        blob.Write(length);
        blob.Write(part);
    }
}
