using Tenon.CloudController.Configuration;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudController.Tests.Configuration;

public sealed class CloudConfigLoaderTests : IDisposable
{
    private const string Good = "[Global]\nauth-url = https://cloud\nuser-id = u\npassword = p\ntenant-id = t\n";

    private const string Clouds = """
        clouds:
          mine:
            auth: {auth_url: 'https://keystone.example.com:5000/v3', username: kube, user_domain_name: Users, project_name: demo, project_domain_id: projects, password: from-clouds}
            region_name: RegionOne
            interface: internal
          other:
            auth: {auth_url: 'https://other.example.com', application_credential_id: a}
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("tenon-config-").FullName;
    private readonly Dictionary<string, string> _environment = [];

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
    public void A_cloud_of_clouds_yaml_needs_no_cloud_conf()
    {
        _environment["OS_CLIENT_CONFIG_FILE"] = Path.Combine(_directory, "clouds.yaml");
        File.WriteAllText(_environment["OS_CLIENT_CONFIG_FILE"], Clouds);
        CloudConfigResult result = Loader().LoadCloud("mine");
        result.Problems.ShouldBeEmpty();
        result.Config!.Global.Region.ShouldBe("RegionOne");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Without_the_cloud_in_clouds_yaml_that_is_the_only_complaint(bool written)
    {
        _environment["OS_CLIENT_CONFIG_FILE"] = Path.Combine(_directory, "clouds.yaml");
        if (written) File.WriteAllText(_environment["OS_CLIENT_CONFIG_FILE"], Clouds);
        Problem problem = Loader().LoadCloud("absent").Problems.ShouldHaveSingleItem();
        problem.Severity.ShouldBe(ProblemSeverity.Error);
        problem.Line.ShouldBeNull("there is no file whose line it could be");
        problem.ToString().ShouldContain(written ? "mine, other" : "OS_CLIENT_CONFIG_FILE");
    }

    [Fact]
    public void Clouds_yaml_completes_what_cloud_conf_leaves_out()
    {
        File.WriteAllText(Path.Combine(_directory, "clouds.yaml"), Clouds);
        CloudConfigResult result = Load($"[Global]\nuse-clouds = true\nclouds-file = {_directory}/clouds.yaml\ncloud = mine\nregion = RegionTwo\npassword = explicit\n");
        result.Problems.ShouldBeEmpty();
        CloudCredentials credentials = GlobalCredentials.ToCredentials(result.Config!.Global);
        credentials.AuthUrl.ShouldBe(new Uri("https://keystone.example.com:5000/v3"));
        credentials.Region.ShouldBe("RegionTwo");
        credentials.Interface.ShouldBe(EndpointInterface.Internal);
        credentials.Scope.ShouldBe(new AuthScope.Project(null, "demo", DomainReference.ById("projects")));
        var password = credentials.Method.ShouldBeOfType<AuthMethod.Password>();
        (password.UserName, password.UserDomain, password.Value.Reveal()).ShouldBe(("kube", DomainReference.ByName("Users"), "explicit"));
    }

    [Fact]
    public void Cloud_conf_completes_what_clouds_yaml_leaves_out()
    {
        File.WriteAllText(Path.Combine(_directory, "clouds.yaml"), Clouds);
        CloudConfigResult result = Load($"[Global]\nuse-clouds = true\nclouds-file = {_directory}/clouds.yaml\ncloud = other\napplication-credential-secret = s\n");
        result.Problems.ShouldBeEmpty();
        var credential = GlobalCredentials.ToCredentials(result.Config!.Global).Method.ShouldBeOfType<AuthMethod.ApplicationCredential>();
        (credential.Id, credential.Value.Reveal()).ShouldBe(("a", "s"));
    }

    [Fact]
    public void Values_of_secure_yaml_go_before_clouds_yaml_and_those_of_cloud_conf_before_both()
    {
        File.WriteAllText(Path.Combine(_directory, "clouds.yaml"), Clouds);
        File.WriteAllText(Path.Combine(_directory, "secure.yaml"), "clouds: {mine: {region_name: Secure, auth: {password: from-secure}}}");
        CloudConfigResult result = Load($"[Global]\nuse-clouds = true\nclouds-file = {_directory}/clouds.yaml\ncloud = mine\nregion = Mine\n");
        CloudCredentials credentials = GlobalCredentials.ToCredentials(result.Config.ShouldNotBeNull().Global);
        credentials.Region.ShouldBe("Mine");
        credentials.Method.ShouldBeOfType<AuthMethod.Password>().Value.Reveal().ShouldBe("from-secure");
    }

    [Theory]
    [InlineData("cloud = mien", "Did you mean mine?")]
    [InlineData("", "several clouds")]
    public void A_cloud_that_is_not_in_the_file_is_an_error_that_names_those_that_are(string lines, string says)
    {
        File.WriteAllText(Path.Combine(_directory, "clouds.yaml"), Clouds);
        CloudConfigResult result = Load($"{Good}use-clouds = true\nclouds-file = {_directory}/clouds.yaml\n{lines}\n");
        result.Failed.ShouldBeTrue();
        result.Problems.ShouldHaveSingleItem().ToString().ShouldContain(says);
    }

    [Fact]
    public void The_environment_names_file_cloud_and_form_of_provider_ids()
    {
        _environment["OS_CLIENT_CONFIG_FILE"] = Path.Combine(_directory, "c.yaml");
        _environment["OS_CLOUD"] = "mine";
        _environment["OS_CCM_REGIONAL"] = "true";
        File.WriteAllText(_environment["OS_CLIENT_CONFIG_FILE"], Clouds);
        CloudConfigResult result = Load("[Global]\nuse-clouds\n");
        result.Problems.ShouldBeEmpty();
        result.Config!.Global.Username.ShouldBe("kube");
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

    private CloudConfigLoader Loader() => new(_environment.GetValueOrDefault);

    private CloudConfigResult Load(string text)
    {
        string path = Path.Combine(_directory, "cloud.conf");
        File.WriteAllText(path, text);
        return Loader().Load(path);
    }
}
