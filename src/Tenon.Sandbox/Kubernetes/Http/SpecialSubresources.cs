using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Requests that do something other than read or write an object: reviews, tokens, bindings, evictions, logs.</summary>
internal sealed class SpecialSubresources(ObjectOperations objects, AccessReviews reviews, TokenRequests tokens)
{
    /// <summary>Answers the request if it is one of these.</summary>
    public async Task<bool> TryHandleAsync(HttpContext context, RequestInfo request, ObjectTarget target, UserInfo user)
    {
        Func<JsonObject, JsonObject>? answer = (request.Group, request.Resource, request.Subresource, request.Verb) switch
        {
            ("authentication.k8s.io" or "authorization.k8s.io", _, "", "create") => body => Review(body, target, user),
            ("", "serviceaccounts", "token", "create") => body => tokens.Issue(new NamespacedName(target.Namespace, target.Name), body),
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

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" };

    private JsonObject Review(JsonObject body, ObjectTarget target, UserInfo user)
    {
        JsonObject document = body.Copy();
        document["kind"] = target.Definition.Kind;
        document["apiVersion"] = target.GroupVersion.ToString();
        document.Ensure("metadata")["creationTimestamp"] = null;
        reviews.Answer(target.Definition.Kind, document, target.Namespace, user);
        return document;
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
}
