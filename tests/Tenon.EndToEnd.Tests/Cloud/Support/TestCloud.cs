using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The tests of this tier share one machine's cloud, so they run one after the other, and with nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CloudCollection : ICollectionFixture<TestCloud>
{
    public const string Name = "cloud";
}

/// <summary>The real cloud that the tests run on, seen by its administrator, who makes projects for them.</summary>
public sealed class TestCloud : IAsyncLifetime
{
    /// <summary>Names the clouds.yaml of a test cloud, with the cloud <c>testcloud-admin</c>.</summary>
    public const string ConfigVariable = "TENON_TEST_CLOUD_CONFIG";

    /// <summary>The external network of the test cloud; the machine itself is <see cref="HostAddress"/> on it.</summary>
    public const string ExternalNetwork = "public";

    /// <summary>The machine's own address on the external network.</summary>
    public const string HostAddress = "172.24.4.1";

    private Wire? _admin;

    /// <summary>Whether there is a cloud to run on.</summary>
    public static bool IsConfigured => Environment.GetEnvironmentVariable(ConfigVariable) is { Length: > 0 };

    /// <summary>The administrator.</summary>
    internal Wire Admin => _admin ?? throw new InvalidOperationException("no test cloud is configured");

    /// <summary>The external network's ID.</summary>
    internal string ExternalNetworkId { get; private set; } = "";

    /// <summary>The ID of the image that servers are made of.</summary>
    internal string ImageId { get; private set; } = "";

    /// <summary>The ID of the flavor that servers are made of.</summary>
    internal string FlavorId { get; private set; } = "";

    /// <summary>The name of that flavor.</summary>
    internal string FlavorName => "m1.tiny";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (!IsConfigured) return;
        string file = Environment.GetEnvironmentVariable(ConfigVariable)!;
        CloudsYamlResult read = CloudsYaml.Read(new() { Clouds = new(file, await File.ReadAllTextAsync(file)) }, "testcloud-admin");
        read.Problems.ShouldBeEmpty();
        CloudCredentials credentials = read.Credentials!;
        var password = (AuthMethod.Password)credentials.Method;
        var project = (AuthScope.Project)credentials.Scope;
        _admin = await Wire.LogInAsync(
            new(credentials.AuthUrl.ToString().TrimEnd('/'), password.UserName!, password.Value.Reveal(), project.Name!, project.Owner!.Name!, credentials.Region!),
            CancellationToken.None);
        ExternalNetworkId = await IdAsync("network", $"/v2.0/networks?name={ExternalNetwork}", "networks");
        ImageId = await IdAsync("image", "/v2/images?name=tiny", "images");
        FlavorId = (await Admin.GetAsync("compute", "/flavors")).ShouldBe(200).List("flavors").Single(f => f["name"]!.ToString() == FlavorName)["id"]!.ToString();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<string> IdAsync(string service, string path, string list)
    {
        JsonNode only = (await Admin.GetAsync(service, path)).ShouldBe(200).List(list).Single();
        return only["id"]!.ToString();
    }
}
