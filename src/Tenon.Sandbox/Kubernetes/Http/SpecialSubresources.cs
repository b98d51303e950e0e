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
            ("", "pods", "eviction", "create") => body => Evict(body, target, user),
            ("", "pods", "log" or "exec" or "attach" or "portforward", _) => throw NoContainers(target),
            _ => null,
        };
        if (answer is null) return false;
        Body read = await ObjectHandler.ReadAsync(context);
        JsonObject sent = read.Node as JsonObject ?? throw ApiException.BadRequest("the body is not an object");
        await Answer.SendAsync(context, 201, answer(sent), Negotiation.Of(context.Request));
        return true;
    }

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" };

    private ApiException NoContainers(ObjectTarget target)
    {
        objects.Get(target with { Subresource = "" });
        return ApiException.NotImplemented(
            $"pod \"{target.Name}\" runs on a simulated node, which keeps its status but runs no containers: there is nothing to {target.Subresource}");
    }

    private JsonObject Review(JsonObject body, ObjectTarget target, UserInfo user)
    {
        if (body.Text("kind") is { } kind && kind != target.Definition.Kind) throw ApiException.BadRequest($"{kind} cannot be handled as a {target.Definition.Kind}");
        JsonObject answer = body.Copy();
        answer["kind"] = target.Definition.Kind;
        answer["apiVersion"] = target.GroupVersion.ToString();
        answer.Ensure("metadata")["creationTimestamp"] = null;
        reviews.Answer(target.Definition.Kind, answer, target.Namespace, user);
        return answer;
    }

    private JsonObject Bind(JsonObject body, ObjectTarget target)
    {
        string node = body.Text("target", "name") is { Length: > 0 } name ? name
            : throw ApiException.Invalid("", "Binding", target.Name, [FieldError.Required("target.name")]);
        objects.Store.Transact(() =>
        {
            ObjectTarget whole = target with { Subresource = "" };
            StoredObject pod = objects.Get(whole);
            if (pod.IsBeingDeleted) throw ApiException.Conflict(new("", "pods/binding"), pod.Key.Name, $"pod {pod.Key.Name} is being deleted, cannot be assigned to a host");
            if (pod.Document.Text("spec", "nodeName") is { Length: > 0 } bound)
            {
                throw ApiException.Conflict(new("", "pods/binding"), pod.Key.Name, $"pod {pod.Key.Name} is already assigned to node \"{bound}\"");
            }

            JsonObject changed = ObjectOperations.View(whole, pod);
            changed.Ensure("spec")["nodeName"] = node;
            objects.Update(changed);
            JsonObject scheduled = ObjectOperations.View(whole, objects.Get(whole));
            JsonArray conditions = scheduled.Ensure("status").EnsureArray("conditions");
            foreach (JsonObject old in conditions.OfType<JsonObject>().Where(c => c.Text("type") == "PodScheduled").ToArray()) conditions.Remove(old);
            conditions.Add((JsonNode)new JsonObject
            {
                ["lastProbeTime"] = null, ["lastTransitionTime"] = JsonDocuments.Timestamp(objects.Time.GetUtcNow()), ["status"] = "True", ["type"] = "PodScheduled",
            });
            return objects.Update(scheduled, "status");
        });
        return Success();
    }

    private JsonObject Evict(JsonObject body, ObjectTarget target, UserInfo user)
    {
        objects.Store.Transact(() =>
        {
            ObjectTarget whole = target with { Subresource = "" };
            StoredObject pod = objects.Get(whole);
            SpendDisruption(pod);
            JsonNode? options = body["deleteOptions"];
            return objects.Delete(whole, new DeleteOptions
            {
                UserName = user.Name,
                GracePeriodSeconds = options.Long("gracePeriodSeconds"),
                Uid = options.Text("preconditions", "uid"),
                ResourceVersion = options.Text("preconditions", "resourceVersion"),
                DryRun = options.Texts("dryRun").Contains("All"),
            });
        });
        return Success();
    }

    /// <summary>Lowers the allowance of the budget that covers a pod; refuses when there is none left.</summary>
    private void SpendDisruption(StoredObject pod)
    {
        if (pod.Document.Text("status", "phase") is "Succeeded" or "Failed" or "Pending" || pod.IsBeingDeleted) return;
        GroupResource budgets = new("policy", "poddisruptionbudgets");
        StoredObject[] covering = [.. objects.Store.List(budgets).Table.InOrder(pod.Key.Namespace)
            .Where(b => LabelSelector.FromObject(b.Document.Object("spec", "selector"))(pod.Labels))];
        if (covering.Length > 1)
        {
            throw ApiException.Internal("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        if (covering.Length == 0) return;
        JsonObject budget = covering[0].Document.Copy();
        long allowed = budget.Long("status", "disruptionsAllowed") ?? 0;
        if (allowed <= 0)
        {
            string name = covering[0].Key.Name;
            throw new ApiException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", new JsonObject
            {
                ["causes"] = new JsonArray(new JsonObject
                {
                    ["reason"] = "DisruptionBudget",
                    ["message"] = $"The disruption budget {name} needs {budget.Long("status", "desiredHealthy") ?? 0} healthy pods and has {budget.Long("status", "currentHealthy") ?? 0} currently",
                }),
            });
        }

        budget.Ensure("status")["disruptionsAllowed"] = allowed - 1;
        objects.Update(budget, "status");
    }
}
