using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Answers the kinds that are asked and never stored: access reviews, rules reviews, token reviews, and who one is.</summary>
internal sealed class AccessReviews(Authenticator authenticator, RbacAuthorizer authorizer)
{
    /// <summary>Answers a review.</summary>
    /// <param name="kind">The review's kind.</param>
    /// <param name="document">What was sent; its status is set in place.</param>
    /// <param name="space">The namespace of the request (LocalSubjectAccessReview only).</param>
    /// <param name="user">Who asks.</param>
    /// <exception cref="ApiException">400 or 422: it asks for nothing, or for two things at once.</exception>
    public void Answer(string kind, JsonObject document, string space, UserInfo user)
    {
        switch (kind)
        {
            case "SelfSubjectAccessReview":
                document["status"] = Decide(kind, document, user);
                break;
            case "SubjectAccessReview":
            case "LocalSubjectAccessReview":
                if (kind.StartsWith("Local", StringComparison.Ordinal) && document.Text("spec", "resourceAttributes", "namespace") != space)
                {
                    throw ApiException.BadRequest($"spec.resourceAttributes.namespace must match namespace: {space}");
                }

                document["status"] = Decide(kind, document, Subject(kind, document));
                break;
            case "SelfSubjectRulesReview":
                document["status"] = Rules(document.Text("spec", "namespace") ?? "", user);
                break;
            case "SelfSubjectReview":
                document["status"] = new JsonObject { ["userInfo"] = user.ToDocument() };
                break;
            case "TokenReview":
                document["status"] = Token(document);
                break;
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    private static UserInfo Subject(string kind, JsonObject document)
    {
        string name = document.Text("spec", "user") ?? "";
        string[] groups = [.. document.Texts("spec", "groups")];
        if (name.Length == 0 && groups.Length == 0)
        {
            throw ApiException.Invalid("authorization.k8s.io", kind, "", [FieldError.Invalid("spec.user", "", "at least one of user or group must be specified")]);
        }

        return new(name, groups.ToEquatableArray(), document.Text("spec", "uid") ?? "");
    }

    private JsonObject Decide(string kind, JsonObject document, UserInfo user)
    {
        JsonObject? resource = document.Object("spec", "resourceAttributes"), path = document.Object("spec", "nonResourceAttributes");
        if (resource is null == path is null)
        {
            throw ApiException.Invalid("authorization.k8s.io", kind, "", [FieldError.Invalid("spec.resourceAttributes",
                resource is null ? null : resource.DeepClone(), "exactly one of nonResourceAttributes or resourceAttributes must be specified")]);
        }

        AccessRequest request = resource is null
            ? new AccessRequest { Verb = path.Text("verb") ?? "", Path = path.Text("path") ?? "" }
            : new AccessRequest
            {
                IsResource = true,
                Verb = resource.Text("verb") ?? "",
                Group = resource.Text("group") ?? "",
                Resource = resource.Text("resource") ?? "",
                Subresource = resource.Text("subresource") ?? "",
                Name = resource.Text("name") ?? "",
                Namespace = resource.Text("namespace") ?? "",
            };
        bool allowed = authorizer.Allows(user, request);
        var status = new JsonObject { ["allowed"] = allowed };
        if (allowed) status["reason"] = "RBAC: allowed by the roles bound to the user or its groups";
        return status;
    }

    private JsonObject Rules(string space, UserInfo user)
    {
        if (space.Length == 0) throw ApiException.BadRequest("no namespace on request");
        var resources = new JsonArray();
        var paths = new JsonArray();
        foreach (PolicyRule rule in authorizer.RulesFor(user, space))
        {
            if (!rule.Resources.IsEmpty)
            {
                var document = new JsonObject { ["verbs"] = List(rule.Verbs), ["apiGroups"] = List(rule.Groups), ["resources"] = List(rule.Resources) };
                if (!rule.Names.IsEmpty) document["resourceNames"] = List(rule.Names);
                resources.Add((JsonNode)document);
            }

            if (!rule.Paths.IsEmpty) paths.Add((JsonNode)new JsonObject { ["verbs"] = List(rule.Verbs), ["nonResourceURLs"] = List(rule.Paths) });
        }

        return new JsonObject { ["resourceRules"] = resources, ["nonResourceRules"] = paths, ["incomplete"] = false };
    }

    private JsonObject Token(JsonObject document)
    {
        string token = document.Text("spec", "token") ?? "";
        if (token.Length == 0) throw ApiException.BadRequest("token is required for TokenReview in authentication");
        string[] audiences = [.. document.Texts("spec", "audiences")];
        UserInfo? user = authenticator.FromToken(token, audiences);
        if (user is null) return new JsonObject { ["user"] = new JsonObject(), ["error"] = "[invalid bearer token, token lookup failed]" };
        return new JsonObject
        {
            ["authenticated"] = true,
            ["user"] = user.ToDocument(),
            ["audiences"] = List(audiences.Length == 0 ? ServiceAccountTokens.Audiences : audiences),
        };
    }

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
