using Tenon.OpenStack;
using Tenon.Sandbox;

namespace Tenon.Conformance.Tests.Support;

/// <summary>One cloud under test: plain wires for a member of a project and for the administrator, and Tenon's own typed clients.</summary>
public sealed class CloudSide : IAsyncDisposable
{
    private readonly SandboxHost? _host;

    private CloudSide(string name, CloudCredentials credentials, CloudCredentials administrator, Wire member, Wire admin, SandboxHost? host)
    {
        (Name, Credentials, AdminCredentials, Member, Admin, _host) = (name, credentials, administrator, member, admin, host);
    }

    /// <summary><see cref="SidesAttribute.Sandbox"/> or <see cref="SidesAttribute.Real"/>.</summary>
    public string Name { get; }

    /// <summary>What Tenon's clients log in with as the member.</summary>
    public CloudCredentials Credentials { get; }

    /// <summary>The same for the administrator.</summary>
    public CloudCredentials AdminCredentials { get; }

    /// <summary>A member of a project, without the administrator's rights.</summary>
    public Wire Member { get; }

    /// <summary>The cloud's administrator, in a project of their own.</summary>
    public Wire Admin { get; }

    /// <summary>Logs both accounts in.</summary>
    internal static async Task<CloudSide> ConnectAsync(string name, string cloudsYaml, string member, string admin, SandboxHost? host)
    {
        CloudCredentials one = Read(cloudsYaml, member), two = Read(cloudsYaml, admin);
        return new(name, one, two, await Wire.LogInAsync(AccountOf(one), CancellationToken.None), await Wire.LogInAsync(AccountOf(two), CancellationToken.None), host);
    }

    /// <summary>One of Tenon's clients, logged in as the member.</summary>
    public CloudClient Connect(CloudClientOptions? options = null) => new(Credentials, options);

    /// <summary>A world of a case's own on this side, whose things are deleted when it is disposed of.</summary>
    public Scratch NewScratch() => new(this);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Member.Dispose();
        Admin.Dispose();
        if (_host is not null) await _host.DisposeAsync();
    }

    private static Account AccountOf(CloudCredentials credentials)
    {
        var password = (AuthMethod.Password)credentials.Method;
        var project = (AuthScope.Project)credentials.Scope;
        return new(credentials.AuthUrl.ToString().TrimEnd('/'), password.UserName!, password.Value.Reveal(), project.Name!, project.Owner!.Name!, credentials.Region!);
    }

    private static CloudCredentials Read(string cloudsYaml, string cloud)
    {
        CloudsYamlResult read = CloudsYaml.Read(new() { Clouds = new("clouds.yaml", cloudsYaml) }, cloud);
        read.Problems.ShouldBeEmpty();
        return read.Credentials!;
    }
}
