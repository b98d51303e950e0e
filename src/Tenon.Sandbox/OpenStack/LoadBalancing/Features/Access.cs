using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>What the features share: who may see what, answers with one resource, common fields.</summary>
internal static class Access
{
    /// <summary>The asker's own resources, or all of them for the administrator.</summary>
    public static IEnumerable<T> Visible<T>(IEnumerable<T> all, ApiRequest request) where T : OctaviaResource
        => (request.Query["project_id"] ?? request.Query["tenant_id"]) is not { } project || request.Token.MaySee(project)
            ? all.Where(r => request.Token.MaySee(r.ProjectId))
            : throw OctaviaFaults.Forbidden();

    /// <summary>The resource of the path.</summary>
    public static T Find<T>(ResourceTable<T> table, ApiRequest request, string word) where T : OctaviaResource
    {
        if (!table.TryGet(request["id"], out T? resource)) throw OctaviaFaults.NotFound(word, request["id"]);
        return request.Token.MaySee(resource.ProjectId) ? resource : throw OctaviaFaults.Forbidden();
    }

    /// <summary>A load balancer that a body refers to.</summary>
    public static LoadBalancer Balancer(BalancerState state, string id, ApiRequest request)
    {
        if (!state.Balancers.TryGet(id, out LoadBalancer? balancer)) throw OctaviaFaults.NotFound("Load Balancer", id);
        return request.Token.MaySee(balancer.ProjectId) ? balancer : throw OctaviaFaults.Forbidden();
    }

    /// <summary>Answers with one resource.</summary>
    public static ApiResponse Answer<T>(int status, OctaviaType<T> type, T resource, ApiRequest request) where T : OctaviaResource
    {
        HashSet<string> fields = [.. request.Query.All("fields")];
        return ApiResponse.Json(status, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName(type.Singular);
            type.Write(writer, resource, fields);
            writer.WriteEndObject();
        });
    }

    /// <summary>Sets what all resources have.</summary>
    public static void FillCommon(OctaviaResource resource, Input input)
    {
        if (input.Has("name")) resource.Name = input.Get<string>("name") ?? "";
        if (input.Has("description")) resource.Description = input.Get<string>("description") ?? "";
        input.When<bool>("admin_state_up", up => resource.AdminStateUp = up);
        if (input["tags"] is not ImmutableArray<string> tags) return;
        // They are kept in the order of the database's key.
        resource.Tags = tags.Distinct().Count() == tags.Length ? [.. tags.Order(StringComparer.Ordinal)] : throw OctaviaFaults.Exists();
    }
}

/// <summary>Where certificates are kept.</summary>
internal interface ISecretStore
{
    /// <summary>Whether a reference leads to something that may hold a certificate.</summary>
    bool HasCertificate(string reference);
}
