using System.Runtime.CompilerServices;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Identity;

/// <summary>Keystone v3.</summary>
public sealed class IdentityClient : IIdentityReader
{
    private readonly TokenSource _tokens;
    private readonly ServiceChannel _channel;

    internal IdentityClient(TokenSource tokens, ServiceChannel channel) => (_tokens, _channel) = (tokens, channel);

    /// <inheritdoc/>
    public async Task<AuthenticatedIdentity> GetSelfAsync(CancellationToken cancellationToken)
        => (await _tokens.GetAsync(cancellationToken)).Identity;

    /// <inheritdoc/>
    public async Task<EquatableArray<string>> GetRegionsAsync(CancellationToken cancellationToken)
    {
        AuthenticatedIdentity self = await GetSelfAsync(cancellationToken);
        return self.Catalog.SelectMany(s => s.Endpoints).Select(e => e.Region).Where(r => r.Length > 0).Distinct().ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<bool> HasServiceAsync(string serviceType, string? region, CancellationToken cancellationToken)
    {
        AuthenticatedIdentity self = await GetSelfAsync(cancellationToken);
        return EndpointCatalog.Has(self.Catalog, _tokens.Credentials, serviceType, region);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<Project> ListProjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "identity.projects.list", Method = HttpMethod.Get, Path = "auth/projects" };
        ProjectsWire answer = await _channel.SendAsync(call, IdentityJson.Default.ProjectsWire, cancellationToken);
        foreach (ProjectWire project in answer.Projects ?? [])
        {
            yield return new(project.Id, project.Name ?? "", project.DomainId ?? "", project.Enabled ?? true);
        }
    }
}
