using Tenon.CloudController.Configuration;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public sealed class CloudConfigLoaderTests : IDisposable
{
    private const string Good = "[Global]\nauth-url = https://cloud\nuser-id = u\npassword = p\ntenant-id = t\n";

    private static readonly CloudCredentials Cloud = new()
    {
        AuthUrl = new Uri("https://keystone.example.com:5000/v3"),
        Method = new AuthMethod.Password(null, "kube", DomainReference.ByName("Users"), new Secret("from-clouds")),
        Scope = new AuthScope.Project(null, "demo", DomainReference.ById("projects")),
        Region = "RegionOne",
        Interface = EndpointInterface.Internal,
    };

    private readonly string _directory = Directory.CreateTempSubdirectory("tenon-config-").FullName;
    private readonly Dictionary<string, string> _environment = [];
    private CloudsFiles? _files;
    private string? _asked;

    [Fact]
    public void A_missing_file_is_one_clear_error()
    {
        CloudConfigResult result = Loader().Load(Path.Combine(_directory, "none.conf"));
        result.Failed.ShouldBeTrue();
        result.Problems.ShouldHaveSingleItem().Field.ShouldBe("--cloud-config");
    }

    [Theory]
    [InlineData("ca-file")]
    [InlineData("cert-file")]
    public void A_certificate_file_that_is_missing_or_no_certificate_is_an_error_with_its_line(string option)
    {
        string other = option == "cert-file" ? "key-file = /dev/null\n" : "";
        Problem missing = Load($"{Good}{other}{option} = {_directory}/none.pem\n").Problems.Single(p => p.Field == $"[Global] {option}");
        missing.Message.ShouldContain("cannot be read");
        missing.Line.ShouldNotBeNull();
        File.WriteAllText(Path.Combine(_directory, "bad.pem"), "no certificate");
        Load($"{Good}{other}{option} = {_directory}/bad.pem\n").Problems.Single(p => p.Field == $"[Global] {option}").Message.ShouldContain("no certificate in PEM");
    }

    [Fact]
    public void Clouds_yaml_completes_what_cloud_conf_leaves_out()
    {
        File.WriteAllText(Path.Combine(_directory, "clouds.yaml"), "clouds: {}");
        File.WriteAllText(Path.Combine(_directory, "secure.yaml"), "secret: {}");
        CloudConfigResult result = Load($"[Global]\nuse-clouds = true\nclouds-file = {_directory}/clouds.yaml\ncloud = mine\nregion = RegionTwo\npassword = explicit\n");
        result.Problems.ShouldBeEmpty();
        _asked.ShouldBe("mine");
        _files!.Secure!.Text.ShouldBe("secret: {}");
        CloudCredentials credentials = GlobalCredentials.ToCredentials(result.Config!.Global);
        credentials.AuthUrl.ShouldBe(Cloud.AuthUrl);
        credentials.Region.ShouldBe("RegionTwo");
        credentials.Interface.ShouldBe(EndpointInterface.Internal);
        credentials.Scope.ShouldBe(Cloud.Scope);
        var password = credentials.Method.ShouldBeOfType<AuthMethod.Password>();
        (password.UserName, password.UserDomain, password.Value.Reveal()).ShouldBe(("kube", DomainReference.ByName("Users"), "explicit"));
    }

    [Fact]
    public void The_environment_names_file_cloud_and_form_of_provider_ids()
    {
        _environment["OS_CLIENT_CONFIG_FILE"] = Path.Combine(_directory, "c.yaml");
        _environment["OS_CLOUD"] = "other";
        _environment["OS_CCM_REGIONAL"] = "true";
        File.WriteAllText(_environment["OS_CLIENT_CONFIG_FILE"], "clouds: {}");
        CloudConfigResult result = Load("[Global]\nuse-clouds\n");
        result.Problems.ShouldBeEmpty();
        _asked.ShouldBe("other");
        result.Config!.Node.RegionalProviderId.ShouldBe(true);
    }

    [Fact]
    public void A_clouds_yaml_that_is_not_there_is_one_error_that_says_where_it_looked()
        => Load($"[Global]\nuse-clouds = true\nclouds-file = {_directory}/none.yaml\nauth-url = https://c\nuser-id = u\npassword = p\ntenant-id = t\n")
            .Problems.ShouldHaveSingleItem().ToString().ShouldContain("none.yaml");

    [Fact]
    public void A_regional_flag_in_the_environment_that_is_no_flag_is_warned_about()
    {
        _environment["OS_CCM_REGIONAL"] = "perhaps";
        CloudConfigResult result = Load(Good);
        result.Failed.ShouldBeFalse();
        result.Problems.ShouldHaveSingleItem().Field.ShouldBe("OS_CCM_REGIONAL");
    }

    [Theory]
    [InlineData("user-id = u\npassword = p\ntenant-id = t", typeof(AuthMethod.Password), typeof(AuthScope.Project))]
    [InlineData("application-credential-id = a\napplication-credential-secret = s", typeof(AuthMethod.ApplicationCredential), typeof(AuthScope.Unscoped))]
    [InlineData("application-credential-name = a\napplication-credential-secret = s\nusername = u\ndomain-id = d", typeof(AuthMethod.ApplicationCredential), typeof(AuthScope.Unscoped))]
    [InlineData("trust-id = t\ntrustee-id = u\ntrustee-password = p", typeof(AuthMethod.Password), typeof(AuthScope.Trust))]
    [InlineData("token = x\ntenant-id = t", typeof(AuthMethod.Token), typeof(AuthScope.Project))]
    public void Each_way_to_authenticate_becomes_credentials(string lines, Type method, Type scope)
    {
        CloudCredentials credentials = GlobalCredentials.ToCredentials(Load($"[Global]\nauth-url = https://cloud/v3\n{lines}\n").Config.ShouldNotBeNull().Global);
        credentials.Method.ShouldBeOfType(method);
        credentials.Scope.ShouldBeOfType(scope);
    }

    [Fact]
    public void A_domain_serves_user_and_project_unless_each_has_its_own()
    {
        CloudCredentials credentials = GlobalCredentials.ToCredentials(
            Load("[Global]\nauth-url = https://cloud\nusername = u\npassword = p\ntenant-name = t\ndomain-name = Both\ntenant-domain-id = own\n").Config.ShouldNotBeNull().Global);
        credentials.Method.ShouldBeOfType<AuthMethod.Password>().UserDomain.ShouldBe(DomainReference.ByName("Both"));
        credentials.Scope.ShouldBeOfType<AuthScope.Project>().Owner.ShouldBe(DomainReference.ById("own"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private CloudConfigLoader Loader() => new(_environment.GetValueOrDefault, (files, cloud) =>
    {
        (_files, _asked) = (files, cloud);
        return new CloudsYamlResult(Cloud, cloud, []);
    });

    private CloudConfigResult Load(string text)
    {
        string path = Path.Combine(_directory, "cloud.conf");
        File.WriteAllText(path, text);
        return Loader().Load(path);
    }
}
