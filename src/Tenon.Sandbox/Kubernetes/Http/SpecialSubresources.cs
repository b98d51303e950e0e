using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Requests that do something other than read or write an object: reviews, tokens, bindings, evictions, logs.</summary>
internal sealed class SpecialSubresources(ObjectOperations objects, AccessControl access, ServiceAccountTokens tokens)
{
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    /// <summary>Answers the request if it is one of these.</summary>
    public async Task<bool> TryHandleAsync(HttpContext context, RequestInfo request, ObjectTarget target, UserInfo user)
    {
        Func<JsonObject, JsonObject>? answer = (request.Group, request.Resource, request.Subresource, request.Verb) switch
        {
            ("authentication.k8s.io", "tokenreviews", "", "create") => ReviewToken,
            ("authentication.k8s.io", "selfsubjectreviews", "", "create") => body => With(body, new JsonObject { ["userInfo"] = user.ToDocument() }),
            ("authorization.k8s.io", "selfsubjectaccessreviews", "", "create") => body => ReviewAccess(body, user),
            ("authorization.k8s.io", "subjectaccessreviews" or "localsubjectaccessreviews", "", "create") => body => ReviewAccess(body, Subject(body)),
            ("authorization.k8s.io", "selfsubjectrulesreviews", "", "create") => body => ReviewRules(body, user),
            ("", "serviceaccounts", "token", "create") => body => IssueToken(body, target),
            ("", "pods", "binding", "create") => body => Bind(body, target),
            ("", "pods", "eviction", "create") => _ => Evict(target, user),
            ("", "pods", "log", "get") => throw ApiException.NotImplemented("simulated nodes run no containers, so there is no log"),
            _ => null,
        };
        if (answer is null) return false;
        Body read = await ObjectHandler.ReadAsync(context);
        JsonObject sent = read.Node as JsonObject ?? throw ApiException.BadRequest("the body is not an object");
        await Answer.SendAsync(context, 201, answer(sent), Negotiation.Of(context.Request));
        return true;
    }

    private static JsonObject With(JsonObject body, JsonObject status)
    {
        JsonObject answer = body.Copy();
        answer.Ensure("metadata")["creationTimestamp"] = null;
        answer["status"] = status;
        return answer;
    }

    private static UserInfo Subject(JsonObject body)
        => new(body.Text("spec", "user") ?? "", body.Texts("spec", "groups").ToEquatableArray(), body.Text("spec", "uid") ?? "");

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" };

    private JsonObject ReviewToken(JsonObject body)
    {
        UserInfo? user = access.FromToken(body.Text("spec", "token") ?? "", [.. body.Texts("spec", "audiences")]);
        return With(body, user is null
            ? new JsonObject { ["error"] = "invalid bearer token", ["user"] = new JsonObject() }
            : new JsonObject { ["authenticated"] = true, ["user"] = user.ToDocument(), ["audiences"] = new JsonArray([.. ServiceAccountTokens.Audiences.Select(a => (JsonNode)a)]) });
    }

    private JsonObject ReviewAccess(JsonObject body, UserInfo user)
    {
        JsonNode? resource = body.At("spec", "resourceAttributes"), path = body.At("spec", "nonResourceAttributes");
        if (resource is null == path is null)
        {
            throw ApiException.Invalid("authorization.k8s.io", body.Text("kind") ?? "SelfSubjectAccessReview", "",
                [FieldError.Invalid("spec.resourceAttributes", JsonValue.Create("null"), "exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        }

        var wanted = new AccessRequest
        {
            IsResource = resource is not null,
            Verb = (resource ?? path).Text("verb") ?? "",
            Group = resource.Text("group") ?? "",
            Resource = resource.Text("resource") ?? "",
            Subresource = resource.Text("subresource") ?? "",
            Name = resource.Text("name") ?? "",
            Namespace = resource.Text("namespace") ?? "",
            Path = path.Text("path") ?? "",
        };
        bool allowed = access.Allows(user, wanted);
        var status = new JsonObject { ["allowed"] = allowed };
        if (allowed) status["reason"] = "RBAC: allowed";
        return With(body, status);
    }

    private JsonObject ReviewRules(JsonObject body, UserInfo user)
    {
        var resources = new JsonArray();
        var paths = new JsonArray();
        foreach (PolicyRule rule in access.RulesFor(user, body.Text("spec", "namespace") ?? ""))
        {
            if (rule.Resources.Count > 0)
            {
                resources.Add((JsonNode)new JsonObject { ["verbs"] = Texts(rule.Verbs), ["apiGroups"] = Texts(rule.Groups), ["resources"] = Texts(rule.Resources), ["resourceNames"] = Texts(rule.Names) });
            }
            else
            {
                paths.Add((JsonNode)new JsonObject { ["verbs"] = Texts(rule.Verbs), ["nonResourceURLs"] = Texts(rule.Paths) });
            }
        }

        return With(body, new JsonObject { ["resourceRules"] = resources, ["nonResourceRules"] = paths, ["incomplete"] = false });
    }

    private JsonObject IssueToken(JsonObject body, ObjectTarget target)
    {
        StoredObject account = objects.Get(target with { Subresource = "" });
        TimeSpan lifetime = body.Long("spec", "expirationSeconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultLifetime;
        string[] audiences = [.. body.Texts("spec", "audiences")];
        string token = tokens.Issue(account, audiences.Length > 0 ? audiences : ServiceAccountTokens.Audiences, lifetime);
        return With(body, new JsonObject { ["token"] = token, ["expirationTimestamp"] = JsonDocuments.Timestamp(objects.Time.GetUtcNow() + lifetime) });
    }

    private JsonObject Bind(JsonObject body, ObjectTarget target)
    {
        string node = body.Text("target", "name") ?? throw ApiException.BadRequest("target.name: Required value");
        objects.Store.Transact(() =>
        {
            StoredObject pod = objects.Get(target with { Subresource = "" });
            if (pod.Document.Text("spec", "nodeName") is { Length: > 0 } bound)
            {
                throw ApiException.Conflict(pod.Resource, pod.Key.Name, $"pod {pod.Key.Name} is already assigned to node \"{bound}\"");
            }

            JsonObject changed = ObjectOperations.View(target with { Subresource = "" }, pod);
            changed.Ensure("spec")["nodeName"] = node;
            return objects.Update(changed);
        });
        return Success();
    }

    private JsonObject Evict(ObjectTarget target, UserInfo user)
    {
        objects.Delete(target with { Subresource = "" }, new DeleteOptions { UserName = user.Name });
        return Success();
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
