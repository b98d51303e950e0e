using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>The token subresource of ServiceAccounts.</summary>
internal sealed class TokenRequests(ServiceAccountTokens tokens, ClusterStore store, TimeProvider time)
{
    private const long DefaultSeconds = 3600;
    private const long FewestSeconds = 600;
    private const long MostSeconds = 1L << 32;

    /// <summary>Issues a token.</summary>
    /// <param name="account">Namespace and name of the ServiceAccount.</param>
    /// <param name="request">The TokenRequest that was sent; it is not changed.</param>
    /// <returns>The TokenRequest with its status.</returns>
    /// <exception cref="ApiException">404: no such account; 422: it asks for what cannot be; 409: the bound object is another one.</exception>
    public JsonObject Issue(NamespacedName account, JsonObject request)
    {
        GroupResource accounts = new("", "serviceaccounts");
        StoredObject stored = store.Get(accounts, account) ?? throw ApiException.NotFound(accounts, account.Name);
        long seconds = request.Long("spec", "expirationSeconds") ?? DefaultSeconds;
        if (seconds is < FewestSeconds or > MostSeconds)
        {
            string problem = seconds < FewestSeconds ? "may not specify a duration less than 10 minutes" : "may not specify a duration larger than 2^32 seconds";
            throw ApiException.Invalid("authentication.k8s.io", "TokenRequest", account.Name, [FieldError.Invalid("spec.expirationSeconds", seconds, problem)]);
        }

        StoredObject? bound = Bound(account.Namespace, request.Object("spec", "boundObjectRef"));
        string[] audiences = [.. request.Texts("spec", "audiences")];
        JsonObject answer = request.Copy();
        answer["kind"] = "TokenRequest";
        answer["apiVersion"] = "authentication.k8s.io/v1";
        JsonObject metadata = answer.Ensure("metadata");
        metadata["name"] = account.Name;
        metadata["namespace"] = account.Namespace;
        metadata["creationTimestamp"] = JsonDocuments.Timestamp(time.GetUtcNow());
        JsonObject spec = answer.Ensure("spec");
        spec["expirationSeconds"] = seconds;
        spec["audiences"] = new JsonArray([.. (audiences.Length == 0 ? ServiceAccountTokens.Audiences : audiences).Select(a => (JsonNode)a)]);
        if (bound is null) spec["boundObjectRef"] = null;
        answer["status"] = new JsonObject
        {
            ["token"] = tokens.Issue(stored, audiences, TimeSpan.FromSeconds(seconds), bound),
            ["expirationTimestamp"] = JsonDocuments.Timestamp(time.GetUtcNow().AddSeconds(seconds)),
        };
        return answer;
    }

    private StoredObject? Bound(string space, JsonObject? reference)
    {
        if (reference is null) return null;
        string kind = reference.Text("kind") ?? "", name = reference.Text("name") ?? "";
        string? plural = kind switch { "Pod" => "pods", "Secret" => "secrets", _ => null };
        if (plural is null) throw ApiException.BadRequest($"cannot bind token to object of type {reference.Text("apiVersion")}, Kind={kind}");
        GroupResource resource = new("", plural);
        StoredObject bound = store.Get(resource, new NamespacedName(space, name)) ?? throw ApiException.NotFound(resource, name);
        if (reference.Text("uid") is { Length: > 0 } uid && uid != bound.Uid)
        {
            throw ApiException.Conflict(resource, name, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        }

        return bound;
    }
}
