using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Http;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Who asks, and whether they may: authentication, impersonation and authorization of a request.</summary>
internal sealed class AccessControl(Authenticator authenticator, RbacAuthorizer authorizer)
{
    private readonly EscalationCheck _escalation = new(authorizer);

    /// <summary>Finds out who asks, impersonation included.</summary>
    /// <exception cref="ApiException">401: the credentials prove nothing; 403: the user may not impersonate.</exception>
    public UserInfo Authenticate(HttpContext context)
    {
        UserInfo user = authenticator.Authenticate(context);
        return Impersonation.Read(context.Request.Headers, wanted => Require(user, wanted)) ?? user;
    }

    /// <summary>Refuses what the user may not do.</summary>
    /// <exception cref="ApiException">403.</exception>
    public void Authorize(UserInfo user, RequestInfo request) => Require(user, new AccessRequest
    {
        IsResource = request.IsResource,
        Verb = request.Verb,
        Group = request.Group,
        Resource = request.Resource,
        Subresource = request.Subresource,
        Name = request.Name,
        Namespace = request.Namespace,
        Path = request.Path,
    });

    /// <summary>Refuses roles and bindings that would give away more than the user has.</summary>
    /// <exception cref="ApiException">403.</exception>
    public void CheckEscalation(UserInfo user, GroupResource resource, string space, string name, JsonObject document)
        => _escalation.Check(user, resource, space, name, document);

    private void Require(UserInfo user, AccessRequest request)
    {
        if (authorizer.Allows(user, request)) return;
        if (!request.IsResource) throw new ApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {request.Verb} path \"{request.Path}\"", []);
        string where = request.Namespace.Length > 0 ? $" in the namespace \"{request.Namespace}\"" : " at the cluster scope";
        throw ApiException.Forbidden(new GroupResource(request.Group, request.Resource), request.Name,
            $"User \"{user.Name}\" cannot {request.Verb} resource \"{request.FullResource}\" in API group \"{request.Group}\"{where}");
    }
}
